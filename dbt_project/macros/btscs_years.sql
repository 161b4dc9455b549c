{#- Time since the last event as the Stata program btscs counts it, one row per state-year with an observed event:
    calendar years since the state's first row or since the first row after an event, across gaps between the rows. -#}
{% macro btscs_years(relation, event) %}
select
    cow_code,
    year,
    cast(year - min(year) over (partition by cow_code, events_before) as integer) as years_since_event
from (
    select
        cow_code,
        year,
        coalesce(
            sum(cast({{ event }} as integer)) over (
                partition by cow_code
                order by year
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as events_before
    from {{ relation }}
    where {{ event }} is not null
)
{% endmacro %}
