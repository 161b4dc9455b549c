{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
{%- set lowest_ratio = 1.05 %}
{%- set highest_ratio = 2.5 %}
{%- set min_years = 5 %}
select
    cow_code,
    count(*) as years,
    median(child_mortality_rate / imr_gapminder) as median_ratio
from {{ ref('country_years') }}
where child_mortality_rate is not null and imr_gapminder is not null
group by cow_code
having
    count(*) >= {{ min_years }}
    and not median(child_mortality_rate / imr_gapminder) between {{ lowest_ratio }} and {{ highest_ratio }}
