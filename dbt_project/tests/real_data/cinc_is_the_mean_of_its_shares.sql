{{ config(meta={'dagster': {'ref': {'name': 'stg_cow__national_capabilities'}}}) }}
{%- set tolerance = 1e-7 %}
{%- set components = [
    'military_expenditure_thousands',
    'military_personnel_thousands',
    'iron_steel_thousand_tons',
    'energy_thousand_coal_tons',
    'total_population_thousands',
    'urban_population_thousands',
] %}
with shares as (
    select
        cow_code,
        year,
        cinc,
        [
            {%- for component in components %}
            {{ component }} / nullif(sum({{ component }}) over (partition by year), 0){{ ',' if not loop.last }}
            {%- endfor %}
        ] as component_shares
    from {{ ref('stg_cow__national_capabilities') }}
),

recomputed as (
    select
        cow_code,
        year,
        cinc,
        list_avg(component_shares) as mean_share
    from shares
)

select
    cow_code,
    year,
    cinc,
    mean_share
from recomputed
where not abs(cinc - mean_share) <= {{ tolerance }}
