-- The states of the system, one row per COW code.
with spine as (
    select * from {{ ref('int_state_years') }}
),

state_spells as (
    select * from {{ ref('stg_cow__state_spells') }}
),

state_years as (
    select
        cow_code,
        max_by(state_abbreviation, year) as state_abbreviation,
        max_by(state_name, year) as state_name,
        region,
        min(year) as first_year,
        max(year) as last_year,
        cast(count(*) as integer) as years_in_list,
        cast(count(*) filter (where is_entry_year) as integer) as entries,
        cast(count(*) filter (where is_major_power) as integer) as years_as_major_power
    from spine
    group by cow_code, region
),

spells as (
    select
        cow_code,
        cast(count(*) as integer) as spells,
        min(start_date) as first_day,
        max(end_date) as last_day,
        string_agg(distinct state_name, '; ' order by state_name) as state_names
    from state_spells
    group by cow_code
)

select
    state_years.cow_code,
    state_years.state_abbreviation,
    state_years.state_name,
    spells.state_names,
    state_years.region,
    state_years.first_year,
    state_years.last_year,
    spells.first_day,
    spells.last_day,
    spells.spells,
    state_years.entries,
    state_years.years_in_list,
    state_years.years_as_major_power
from state_years
inner join spells
    on state_years.cow_code = spells.cow_code
order by state_years.cow_code
