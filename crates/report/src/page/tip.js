(function(d){var t=d.createElement('div');t.id='tip';t.setAttribute('aria-hidden','true');d.body.appendChild(t);
d.querySelectorAll('svg title').forEach(function(e){var p=e.parentNode;p.setAttribute('data-t',e.textContent);e.remove()});
d.addEventListener('mousemove',function(e){var n=e.target.closest?e.target.closest('[data-t]'):null;if(!n){t.className='';return}
t.textContent=n.getAttribute('data-t');t.className='on';var w=t.offsetWidth,x=e.clientX+14;if(x+w>innerWidth-8)x=e.clientX-w-14;t.style.left=x+'px';t.style.top=(e.clientY+16)+'px'});
d.querySelectorAll('th[data-s]').forEach(function(h){var g=d.createElement('span');g.textContent=h.textContent;g.tabIndex=0;g.setAttribute('role','button');h.textContent='';h.appendChild(g);
function sort(){var b=h.closest('table').tBodies[0],i=0,o=h,up=h.getAttribute('aria-sort');while(o=o.previousElementSibling)i+=o.colSpan;
up=up?up==='descending':h.className==='t';var s=up?1:-1;
function k(r){var c=r.cells[i],v=c?c.getAttribute('data-v'):'';if(v===null)v=c.textContent;return v===''?-Infinity:isNaN(+v)?v:+v}
[].slice.call(b.rows).sort(function(x,y){x=k(x);y=k(y);return(x>y?1:y>x?-1:0)*s}).forEach(function(r){b.appendChild(r)});
h.parentNode.querySelectorAll('th').forEach(function(e){e.removeAttribute('aria-sort')});h.setAttribute('aria-sort',up?'ascending':'descending')}
g.onclick=sort;g.onkeydown=function(e){if(e.key==='Enter'||e.key===' '){e.preventDefault();sort()}}})})(document);
