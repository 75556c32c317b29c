//! What is asked about articles: losses, defects, repairs.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[
    (
        "contribution_by_subcategory",
        "select
             'subcategory_loses_money',
             contribution_share,
             contribution_share_lower,
             contribution_share_upper
         from contribution_by_subcategory(sales_window_days => null)
         where subcategory = 'climate' and is_losing",
    ),
    (
        // Failures of a unit at risk, beyond those the rest of the category has
        // in the same time.
        "failure_rates_by_age",
        "with rates as (
             select
                 failures,
                 units_at_risk,
                 unit_years,
                 (category_failures - failures)
                 / (category_failures / category_failure_rate - unit_years) as other_rate
             from failure_rates_by_age
             where sku = '48' and age_from_days = 180
         )
         select
             'defect_appears_with_age',
             (failures - other_rate * unit_years) / units_at_risk,
             null as lower,
             null as upper
         from rates",
    ),
    (
        "after_sales_costs_by_component",
        "select
             'repairs_cost_more',
             (
                 select cost_per_case_amount
                 from after_sales_costs_by_component
                 where component = 'parts'
             ) / (
                 select cost_per_case_amount
                 from after_sales_costs_by_component(as_of => {end-365})
                 where component = 'parts'
             ),
             null as lower,
             null as upper",
    ),
];
