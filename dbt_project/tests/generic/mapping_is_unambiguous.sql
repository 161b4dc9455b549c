{# Fails on every state-year to which two rows of a country mapping lead within one coding. The state would have two
   series. #}
{% test mapping_is_unambiguous(model) %}
with mapped_years as (
    select
        coding,
        cow_code,
        unnest(range(first_year, last_year + 1)) as year
    from {{ model }}
    where cow_code is not null
)

select
    coding,
    cow_code,
    year
from mapped_years
group by coding, cow_code, year
having count(*) > 1
{% endtest %}
