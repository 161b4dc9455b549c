{{ config(meta={'dagster': {'ref': {'name': 'int_infant_mortality_rates'}}}) }}
{%- set lowest_ratio = 0.85 %}
{%- set highest_ratio = 1.2 %}
{%- set min_correlation = 0.7 %}
{%- set min_state_years = 200 %}
with rates as (
    select * from {{ ref('int_infant_mortality_rates') }}
)

select
    rates.source,
    others.source as other_source,
    count(*) as state_years,
    median(rates.rate / others.rate) as median_ratio,
    corr(ln(rates.rate), ln(others.rate)) as correlation
from rates
inner join rates as others
    on rates.cow_code = others.cow_code and rates.year = others.year and rates.source < others.source
group by rates.source, others.source
having
    count(*) >= {{ min_state_years }}
    and not (
        median(rates.rate / others.rate) between {{ lowest_ratio }} and {{ highest_ratio }}
        and corr(ln(rates.rate), ln(others.rate)) >= {{ min_correlation }}
    )
