-- The spine: every state-year in the interstate system, one row each, from the first spell to the last year of the
-- list. A state-year is a member if any day of it is within a spell. A state enters in the first year of an unbroken
-- run of member years; re-entry after at least one full calendar year outside starts a new run. In 1816, when the list
-- begins, every state enters.
with state_spells as (
    select * from {{ ref('stg_cow__state_spells') }}
),

major_powers as (
    select * from {{ ref('stg_cow__major_powers') }}
),

spell_years as (
    select
        cow_code,
        cast(unnest(range(year(start_date), year(end_date) + 1)) as integer) as year,
        state_abbreviation,
        state_name,
        start_date
    from state_spells
),

-- Two spells can share a year (Yugoslavia and Serbia, 345, in 2006); the later spell gives the name.
state_years as (
    select
        cow_code,
        year,
        arg_max(state_abbreviation, start_date) as state_abbreviation,
        arg_max(state_name, start_date) as state_name
    from spell_years
    group by cow_code, year
),

-- Within an unbroken run, year minus rank is constant.
runs as (
    select
        *,
        year - row_number() over (partition by cow_code order by year) as run
    from state_years
),

major_power_years as (
    select distinct
        cow_code,
        cast(unnest(range(year(start_date), year(end_date) + 1)) as integer) as year
    from major_powers
),

major_power_span as (
    select
        year(min(start_date)) as first_year,
        year(max(end_date)) as last_year
    from major_powers
)

select
    runs.cow_code,
    runs.year,
    runs.state_abbreviation,
    runs.state_name,
    {{ cow_region('runs.cow_code') }} as region,
    cast(count(*) over (partition by runs.year) as integer) as states_in_system,
    runs.year - min(runs.year) over (partition by runs.cow_code, runs.run) as years_in_system,
    runs.year = min(runs.year) over (partition by runs.cow_code, runs.run) as is_entry_year,
    case
        when runs.year between major_power_span.first_year and major_power_span.last_year
            then major_power_years.cow_code is not null
    end as is_major_power
from runs
cross join major_power_span
left join major_power_years
    on runs.cow_code = major_power_years.cow_code and runs.year = major_power_years.year
