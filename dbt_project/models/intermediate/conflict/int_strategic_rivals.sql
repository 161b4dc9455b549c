-- Strategic rivals of every state-year up to the last year of the list (2020); 0 is an observed zero.
with spine as (
    select * from {{ ref('int_state_years') }}
),

rivalries as (
    select * from {{ ref('int_strategic_rivalries') }}
),

strategic_rivalry_span as (
    {{ strategic_rivalry_span() }}
),

rivals as (
    select
        cow_code,
        year,
        count(*) as strategic_rivals
    from rivalries
    group by cow_code, year
)

select
    spine.cow_code,
    spine.year,
    cast(coalesce(rivals.strategic_rivals, 0) as integer) as strategic_rivals
from spine
cross join strategic_rivalry_span
left join rivals
    on spine.cow_code = rivals.cow_code and spine.year = rivals.year
where spine.year <= strategic_rivalry_span.last_year
