-- A row here is a count over the past five years below the count of one of those years, or one that reaches before the dispute data.
{{ config(meta={'dagster': {'ref': {'name': 'int_disputes'}}}) }}
select now.cow_code, now.year, now.disputes_past_5y, past.year as past_year, past.disputes_ongoing
from {{ ref('int_disputes') }} as now
inner join {{ ref('int_disputes') }} as past
    on now.cow_code = past.cow_code and past.year between now.year - 5 and now.year - 1
where now.disputes_past_5y < past.disputes_ongoing
union all
select cow_code, year, disputes_past_5y, null, null
from {{ ref('int_disputes') }}
where disputes_past_5y is not null and year < (select min(start_year) from {{ ref('stg_cow__mid_participants') }}) + 5
