-- Militarized disputes of every state-year between the first and the last year of the dispute data (1816-2014); 0 is an
-- observed zero. A dispute starts for a state in the state's first year in it, whenever it began for others; a return
-- to the dispute is not a start. Our choice: the window of the past disputes is t-5 to t-1; year t is excluded. The
-- count is NULL unless the state was in the system in all years of the window, because the disputes of a non-member are
-- not observed.
{%- set window_years = 5 %}
with spine as (
    select * from {{ ref('int_state_years') }}
),

participants as (
    select * from {{ ref('stg_cow__mid_participants') }}
),

participation as (
    select distinct
        dispute_number,
        cow_code,
        year
    from {{ ref('int_dispute_participation') }}
),

dispute_span as (
    {{ dispute_span() }}
),

ongoing as (
    select
        cow_code,
        year,
        count(*) as disputes
    from participation
    group by cow_code, year
),

first_entries as (
    select
        dispute_number,
        cow_code,
        min(start_year) as year
    from participants
    group by dispute_number, cow_code
),

started as (
    select
        cow_code,
        year,
        count(*) as disputes
    from first_entries
    group by cow_code, year
),

-- A dispute of year y is in the windows of y+1 to y+5; a dispute of several years counts once.
past_participation as (
    select distinct
        dispute_number,
        cow_code,
        cast(unnest(range(year + 1, year + 1 + {{ window_years }})) as integer) as year
    from participation
),

past as (
    select
        cow_code,
        year,
        count(*) as disputes
    from past_participation
    group by cow_code, year
),

covered as (
    select
        spine.cow_code,
        spine.year,
        count(*) over (
            partition by spine.cow_code
            order by spine.year
            range between {{ window_years }} preceding and 1 preceding
        ) = {{ window_years }} as is_past_observed
    from spine
    cross join dispute_span
    where spine.year between dispute_span.first_year and dispute_span.last_year
)

select
    covered.cow_code,
    covered.year,
    cast(coalesce(ongoing.disputes, 0) as integer) as disputes_ongoing,
    cast(coalesce(started.disputes, 0) as integer) as disputes_started,
    case when covered.is_past_observed then cast(coalesce(past.disputes, 0) as integer) end as disputes_past_5y
from covered
left join ongoing
    on covered.cow_code = ongoing.cow_code and covered.year = ongoing.year
left join started
    on covered.cow_code = started.cow_code and covered.year = started.year
left join past
    on covered.cow_code = past.cow_code and covered.year = past.year
