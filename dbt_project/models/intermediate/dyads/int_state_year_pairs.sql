-- Every ordered pair of state-years of one calendar year, with the attributes of both states.
{{ config(materialized='ephemeral') }}
with spine as (
    select * from {{ ref('int_state_years') }}
),

capabilities as (
    select * from {{ ref('stg_cow__national_capabilities') }}
),

polity as (
    select * from {{ ref('int_polity') }}
),

states as (
    select
        spine.cow_code,
        spine.year,
        spine.year - spine.years_in_system as system_entry_year,
        spine.is_major_power,
        capabilities.cinc,
        polity.polity2
    from spine
    left join capabilities using (cow_code, year)
    left join polity using (cow_code, year)
)

-- A join with the years, not a comparison with the last one: DuckDB then estimates the number of pairs correctly, and
-- keeps the smaller table of every later join in memory.
select
    own.cow_code,
    partner.cow_code as partner_code,
    own.year,
    greatest(own.system_entry_year, partner.system_entry_year) as pair_entry_year,
    own.is_major_power,
    partner.is_major_power as partner_is_major_power,
    own.cinc,
    partner.cinc as partner_cinc,
    own.polity2,
    partner.polity2 as partner_polity2
from range({{ var('dyad_first_year') }}, {{ var('dyad_last_year') }} + 1) as years (year)
inner join states as own
    on years.year = own.year
inner join states as partner
    on own.year = partner.year and own.cow_code <> partner.cow_code
