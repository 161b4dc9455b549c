{{ config(meta={'dagster': {'ref': {'name': 'int_dispute_participation'}}}) }}
with disputes as (
    select * from {{ ref('stg_cow__mid_disputes') }}
),

participants as (
    select * from {{ ref('stg_cow__mid_participants') }}
),

participation as (
    select * from {{ ref('int_dispute_participation') }}
),

state_years as (
    select * from {{ ref('int_disputes') }}
),

disputes_with_other_years as (
    select disputes.dispute_number
    from disputes
    inner join participants
        on disputes.dispute_number = participants.dispute_number
    group by disputes.dispute_number, disputes.start_year, disputes.end_year
    having min(participants.start_year) <> disputes.start_year or max(participants.end_year) <> disputes.end_year
),

totals as (
    {%- for total, relation, expression, published in [
        ('disputes', 'disputes', 'count(*)', 2436),
        ('disputes with participants in the system', 'participation', 'count(distinct dispute_number)', 2436),
        ('stretches of participation', 'participants', 'count(*)', 5883),
        ('entries into disputes', 'state_years', 'sum(disputes_started)', 5853),
        ('state-years', 'state_years', 'count(*)', 15561),
        ('state-years without a known past', 'state_years', 'count(*) filter (where disputes_past_5y is null)', 1211),
        ('disputes with other years among their participants', 'disputes_with_other_years', 'count(*)', 5),
    ] %}
    select
        '{{ total }}' as total,
        {{ expression }} as found,
        {{ published }} as published
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    total,
    found,
    published
from totals
where found <> published
