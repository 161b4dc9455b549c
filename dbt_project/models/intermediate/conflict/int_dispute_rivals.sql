-- Rivals of every state-year between the first and the last year of the dispute data (1816-2014); 0 is an observed
-- zero.
with spine as (
    select * from {{ ref('int_state_years') }}
),

rivalries as (
    select * from {{ ref('int_dispute_rivalries') }}
),

dispute_span as (
    {{ dispute_span() }}
),

rivals as (
    select
        cow_code,
        year,
        count(*) as dispute_rivals
    from rivalries
    group by cow_code, year
)

select
    spine.cow_code,
    spine.year,
    cast(coalesce(rivals.dispute_rivals, 0) as integer) as dispute_rivals
from spine
cross join dispute_span
left join rivals
    on spine.cow_code = rivals.cow_code and spine.year = rivals.year
where spine.year between dispute_span.first_year and dispute_span.last_year
