-- Under-five mortality of states in the system, one row per state-year.
with published as (
    select * from {{ ref('stg_our_world_in_data__child_mortality') }}
),

mappings as (
    select * from {{ ref('country_mappings') }}
)

select
    mappings.cow_code,
    published.year,
    published.rate as child_mortality_rate
from published
inner join mappings
    on {{ mapped_to_state('published', 'mappings', "'our_world_in_data'") }}
