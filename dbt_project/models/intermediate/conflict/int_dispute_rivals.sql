-- Rivals of every state-year between the first and the last year of the dispute data (1816-2014); 0 is an observed zero.
with dispute_span as (
    select min(start_year) as first_year, max(end_year) as last_year
    from {{ ref('stg_cow__mid_participants') }}
),

rivals as (
    select cow_code, year, count(*) as dispute_rivals
    from {{ ref('int_dispute_rivalries') }}
    group by cow_code, year
)

select
    spine.cow_code,
    spine.year,
    cast(coalesce(rivals.dispute_rivals, 0) as integer) as dispute_rivals
from {{ ref('int_state_years') }} as spine
cross join dispute_span
left join rivals on spine.cow_code = rivals.cow_code and spine.year = rivals.year
where spine.year between dispute_span.first_year and dispute_span.last_year
