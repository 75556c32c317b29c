-- What is promised to whom: within how many hours a ticket is answered and
-- solved?
--
-- grain: tier, priority
--
-- tier                  vip or standard
-- priority              priority of the ticket; other for every one that is
--                       not listed
-- first_response_hours  hours to the first reply of a person
-- resolution_hours      hours to the last solution, without the time it waits
--                       for the customer
--
-- Built on $sla_first_response_hours and $sla_resolution_hours, the promise for
-- a normal ticket, and $sla_vip_factor, the part of it for VIP customers. A
-- workspace with promises of its own brings its own sla_targets.

select
    tiers.tier,
    priorities.priority,
    $sla_first_response_hours * priorities.factor * tiers.factor
        as first_response_hours,
    $sla_resolution_hours * priorities.factor * tiers.factor
        as resolution_hours
from (
    values
    ('vip', cast($sla_vip_factor as double)),
    ('standard', 1.0)
) as tiers (tier, factor)
cross join (
    values
    ('urgent', 0.25),
    ('high', 0.5),
    ('normal', 1.0),
    ('low', 2.0),
    ('other', 1.0)
) as priorities (priority, factor)
