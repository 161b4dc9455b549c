-- Strategic rivals of every state-year up to the last year of the list (2020); 0 is an observed zero.
with list_span as (
    select max(end_year) as last_year
    from {{ ref('stg_thompson__rivalries_tss') }}
),

rivals as (
    select cow_code, year, count(*) as strategic_rivals
    from {{ ref('int_strategic_rivalries') }}
    group by cow_code, year
)

select
    spine.cow_code,
    spine.year,
    cast(coalesce(rivals.strategic_rivals, 0) as integer) as strategic_rivals
from {{ ref('int_state_years') }} as spine
cross join list_span
left join rivals on spine.cow_code = rivals.cow_code and spine.year = rivals.year
where spine.year <= list_span.last_year
