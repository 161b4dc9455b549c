{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
{%- set obligations = ['defense', 'offense', 'neutrality', 'nonaggression', 'consultation'] %}
with panel as (
    select * from {{ ref('country_years') }}
    where any_alliances_in_force is not null
),

published as (
    select * from {{ ref('stg_atop__state_years') }}
),

known (cow_code, year, cell) as (
    values
    (140, 1857, 'defense'),
    (740, 1905, 'offense'),
    (740, 1905, 'neutrality'),
    (90, 1888, 'neutrality'),
    (92, 1888, 'neutrality')
),

cells as (
    select
        panel.cow_code,
        panel.year,
        'treaties' as cell,
        panel.any_alliances_in_force as found,
        coalesce(published.alliances, 0) as expected
    from panel
    left join published
        on panel.cow_code = published.cow_code and panel.year = published.year
    {%- for obligation in obligations %}
    union all
    select
        panel.cow_code,
        panel.year,
        '{{ obligation }}' as cell,
        cast(panel.{{ obligation }}_alliances_in_force > 0 as integer) as found,
        cast(coalesce(published.has_{{ obligation }}, false) as integer) as expected
    from panel
    left join published
        on panel.cow_code = published.cow_code and panel.year = published.year
    {%- endfor %}
)

select
    cells.cow_code,
    cells.year,
    cells.cell,
    cells.expected,
    cells.found
from cells
anti join known
    on cells.cow_code = known.cow_code and cells.year = known.year and cells.cell = known.cell
where cells.found is distinct from cells.expected
