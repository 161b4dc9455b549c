{{ config(meta={'dagster': {'ref': {'name': 'int_dispute_rivals'}}}) }}
{%- set last_year = 2000 %}
{%- set expected_state_years = 12626 %}
{%- set min_correlation = 0.91 %}
{%- set min_share_equal = 0.78 %}
with agreement as (
    select
        count(*) as state_years,
        corr(published.dispute_rivals_lagged, ours.dispute_rivals) as correlation,
        avg(cast(published.dispute_rivals_lagged = ours.dispute_rivals as integer)) as share_equal
    from {{ ref('stg_allen_digiuseppe__state_years') }} as published
    inner join {{ ref('int_dispute_rivals') }} as ours
        on published.cow_code = ours.cow_code and published.year = ours.year + 1
    where published.dispute_rivals_lagged is not null and published.year <= {{ last_year }}
)

select
    state_years,
    correlation,
    share_equal
from agreement
where
    state_years <> {{ expected_state_years }}
    or correlation < {{ min_correlation }}
    or share_equal < {{ min_share_equal }}
