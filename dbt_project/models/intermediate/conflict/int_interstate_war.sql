-- Whether a state took part in an inter-state war in a year, on its own dates, in both stretches of fighting of a war
-- that has two. A state-year within the span of the list without a war is an observed absence; outside the span there
-- is no row.
with spine as (
    select * from {{ ref('int_state_years') }}
),

wars as (
    select * from {{ ref('stg_cow__interstate_wars') }}
),

war_span as (
    {{ source_span('interstate_wars') }}
),

stretches as (
    select
        cow_code,
        first_start_year as start_year,
        first_end_year as end_year
    from wars
    union all
    select
        cow_code,
        second_start_year as start_year,
        second_end_year as end_year
    from wars
    where second_start_year is not null
),

war_years as (
    select distinct
        cow_code,
        cast(unnest(range(start_year, end_year + 1)) as integer) as year
    from stretches
)

select
    spine.cow_code,
    spine.year,
    war_years.cow_code is not null as interstate_war
from spine
cross join war_span
left join war_years
    on spine.cow_code = war_years.cow_code and spine.year = war_years.year
where spine.year between war_span.first_year and war_span.last_year
