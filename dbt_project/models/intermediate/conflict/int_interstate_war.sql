-- Whether a state took part in an inter-state war in a year, on its own dates, in both stretches of fighting where a war has two.
-- The war list covers 1816 to 2007; that it names no war before 1823 is an observed absence. No row after 2007: not observed.
{% set first_year = 1816 %}
{% set last_year = 2007 %}
with stretches as (
    select cow_code, first_start_year as start_year, first_end_year as end_year
    from {{ ref('stg_cow__interstate_wars') }}
    union all
    select cow_code, second_start_year, second_end_year
    from {{ ref('stg_cow__interstate_wars') }}
    where second_start_year is not null
),

war_years as (
    select distinct cow_code, cast(unnest(range(start_year, end_year + 1)) as integer) as year
    from stretches
)

select
    spine.cow_code,
    spine.year,
    war_years.cow_code is not null as interstate_war
from {{ ref('int_state_years') }} as spine
left join war_years on spine.cow_code = war_years.cow_code and spine.year = war_years.year
where spine.year between {{ first_year }} and {{ last_year }}
