{{ config(meta={'dagster': {'ref': {'name': 'int_infant_mortality_rates'}}}) }}
{%- set lowest_ratio = 0.6 %}
{%- set highest_ratio = 1.65 %}
{%- set min_years = 5 %}
with rates as (
    select * from {{ ref('int_infant_mortality_rates') }}
),

-- Small states, states of the former Yugoslavia, and benchmark years of Clio-Infra.
known (source, cow_code, reason) as (
    values
    ('abouharb_kimball', 52, 'about half of the others, 1962-2002'),
    ('abouharb_kimball', 58, 'almost twice the others, 1985-2002'),
    ('abouharb_kimball', 232, 'about half of the others, 1993-2002'),
    ('abouharb_kimball', 346, 'almost three times the others, 1992-2002'),
    ('abouharb_kimball', 800, 'about half of the others, 1949-2002'),
    ('abouharb_kimball', 835, 'almost twice the others, 1984-2002'),
    ('abouharb_kimball', 935, 'more than twice the others, 1981-2002'),
    ('abouharb_kimball', 990, 'almost twice the others, 1976-2002'),
    ('clio_infra', 93, 'half of the others, 1940-1990'),
    ('clio_infra', 740, 'more than twice the others, 1930-1980')
),

compared as (
    select
        rates.source,
        rates.cow_code,
        rates.year,
        rates.rate,
        median(others.rate) as median_of_others
    from rates
    inner join rates as others
        on rates.cow_code = others.cow_code and rates.year = others.year and rates.source <> others.source
    group by rates.source, rates.cow_code, rates.year, rates.rate
)

select
    compared.source,
    compared.cow_code,
    count(*) as years,
    median(compared.rate / compared.median_of_others) as median_ratio
from compared
anti join known
    on compared.source = known.source and compared.cow_code = known.cow_code
group by compared.source, compared.cow_code
having
    count(*) >= {{ min_years }}
    and not median(compared.rate / compared.median_of_others) between {{ lowest_ratio }} and {{ highest_ratio }}
