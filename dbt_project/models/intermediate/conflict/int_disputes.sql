-- Militarized disputes of every state-year between the first and the last year of the dispute data (1816-2014); 0 is an observed zero.
-- A dispute starts for a state in the state's first year in it, whenever it began for others; coming back to it is not a start.
-- Choice of ours: "past 5 years" are the five calendar years before this one, t-5 to t-1, so that the count owes nothing to year t.
-- It is NULL unless the state was in the system in all five, because the disputes of a non-member are not observed.
with dispute_span as (
    select min(start_year) as first_year, max(end_year) as last_year
    from {{ ref('stg_cow__mid_participants') }}
),

participation as (
    select distinct dispute_number, cow_code, year
    from {{ ref('int_dispute_participation') }}
),

ongoing as (
    select cow_code, year, count(*) as disputes
    from participation
    group by cow_code, year
),

first_entries as (
    select dispute_number, cow_code, min(start_year) as year
    from {{ ref('stg_cow__mid_participants') }}
    group by dispute_number, cow_code
),

started as (
    select cow_code, year, count(*) as disputes
    from first_entries
    group by cow_code, year
),

-- A dispute of year y lies in the past five years of y+1 to y+5; one of several years is counted once.
remembered as (
    select distinct
        dispute_number,
        cow_code,
        cast(unnest(range(year + 1, year + 6)) as integer) as year
    from participation
),

past_5y as (
    select cow_code, year, count(*) as disputes
    from remembered
    group by cow_code, year
),

covered as (
    select
        spine.cow_code,
        spine.year,
        count(*) over (
            partition by spine.cow_code order by spine.year range between 5 preceding and 1 preceding
        ) = 5 as is_past_observed
    from {{ ref('int_state_years') }} as spine
    cross join dispute_span
    where spine.year between dispute_span.first_year and dispute_span.last_year
)

select
    covered.cow_code,
    covered.year,
    cast(coalesce(ongoing.disputes, 0) as integer) as disputes_ongoing,
    cast(coalesce(started.disputes, 0) as integer) as disputes_started,
    case when covered.is_past_observed then cast(coalesce(past_5y.disputes, 0) as integer) end as disputes_past_5y
from covered
left join ongoing on covered.cow_code = ongoing.cow_code and covered.year = ongoing.year
left join started on covered.cow_code = started.cow_code and covered.year = started.year
left join past_5y on covered.cow_code = past_5y.cow_code and covered.year = past_5y.year
