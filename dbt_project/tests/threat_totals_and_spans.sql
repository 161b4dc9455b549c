-- A row here is a model of threat whose state-years, span or total differ from an independent derivation from the raw files.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'int_dispute_rivals'}}}) }}
with found as (
    select 'dispute_rivals' as fact, count(*) as state_years, min(year) as first_year, max(year) as last_year, sum(dispute_rivals) as total
    from {{ ref('int_dispute_rivals') }}
    union all
    select 'strategic_rivals', count(*), min(year), max(year), sum(strategic_rivals) from {{ ref('int_strategic_rivals') }}
    union all
    select 'land_neighbours', count(*), min(year), max(year), sum(land_neighbours) from {{ ref('int_contiguity') }}
    union all
    select 'relevant_environment_disputes', count(*), min(year), max(year), sum(relevant_environment_disputes)
    from {{ ref('int_relevant_environment') }}
    union all
    select 'interstate_war', count(*), min(year), max(year), sum(cast(interstate_war as integer)) from {{ ref('int_interstate_war') }}
    union all
    select 'external_threat', count(*), min(year), max(year), round(sum(external_threat)) from {{ ref('int_external_threat') }}
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

select * from found
except
select * from derived
