{{ config(meta={'dagster': {'ref': {'name': 'int_infant_mortality_rates'}}}) }}
{%- set lowest_ratio = 0.8 %}
{%- set highest_ratio = 1.25 %}
{%- set min_states = 10 %}
with rates as (
    select * from {{ ref('int_infant_mortality_rates') }}
)

select
    rates.source,
    rates.year,
    count(*) as states,
    median(rates.rate / before.rate) as median_ratio
from rates
inner join rates as before
    on rates.source = before.source and rates.cow_code = before.cow_code and rates.year = before.year + 1
group by rates.source, rates.year
having
    count(*) >= {{ min_states }}
    and not median(rates.rate / before.rate) between {{ lowest_ratio }} and {{ highest_ratio }}
