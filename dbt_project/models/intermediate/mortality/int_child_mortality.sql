-- Under-five mortality of states in the system, one row per state-year.
select
    mappings.cow_code,
    child.year,
    child.rate as child_mortality_rate
from {{ ref('stg_our_world_in_data__child_mortality') }} as child
inner join {{ ref('country_mappings') }} as mappings
    on mappings.coding = 'our_world_in_data'
    and child.label = mappings.label
    and child.year between mappings.first_year and mappings.last_year
