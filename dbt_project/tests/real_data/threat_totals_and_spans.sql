{{ config(meta={'dagster': {'ref': {'name': 'int_dispute_rivals'}}}) }}
with found as (
    {%- for fact, relation in [
        ('dispute_rivals', ref('int_dispute_rivals')),
        ('strategic_rivals', ref('int_strategic_rivals')),
        ('land_neighbours', ref('int_contiguity')),
        ('relevant_environment_disputes', ref('int_relevant_environment')),
        ('interstate_war', ref('int_interstate_war')),
        ('external_threat', ref('int_external_threat')),
    ] %}
    select
        '{{ fact }}' as fact,
        count(*) as state_years,
        min(year) as first_year,
        max(year) as last_year,
        round(sum(cast({{ fact }} as double))) as total
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

derived (fact, state_years, first_year, last_year, total) as (
    values
    ('dispute_rivals', 15561, 1816, 2014, 12756),
    ('strategic_rivals', 16731, 1816, 2020, 15390),
    ('land_neighbours', 15951, 1816, 2016, 48944),
    ('relevant_environment_disputes', 15561, 1816, 2014, 37255),
    ('interstate_war', 14199, 1816, 2007, 711),
    ('external_threat', 14089, 1816, 2007, 5015)
)

select
    fact,
    state_years,
    first_year,
    last_year,
    total
from found
except
select
    fact,
    state_years,
    first_year,
    last_year,
    total
from derived
