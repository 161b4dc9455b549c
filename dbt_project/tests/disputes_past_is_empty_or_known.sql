{{ config(meta={'dagster': {'ref': {'name': 'int_disputes'}}}) }}
{%- set window_years = 5 %}
with disputes as (
    select * from {{ ref('int_disputes') }}
),

dispute_span as (
    {{ dispute_span() }}
)

select
    counted.cow_code,
    counted.year,
    counted.disputes_past_5y,
    past.year as past_year,
    past.disputes_ongoing
from disputes as counted
inner join disputes as past
    on counted.cow_code = past.cow_code
    and past.year between counted.year - {{ window_years }} and counted.year - 1
where counted.disputes_past_5y < past.disputes_ongoing
union all
select
    disputes.cow_code,
    disputes.year,
    disputes.disputes_past_5y,
    null as past_year,
    null as disputes_ongoing
from disputes
cross join dispute_span
where disputes.disputes_past_5y is not null and disputes.year < dispute_span.first_year + {{ window_years }}
