-- A row here is a total of MID 5.0 that the models no longer reproduce. 2,436 disputes and 5,883 stretches of participation are the
-- publisher's; 29 stretches are returns to a dispute, and one entry (Canada, dispute 197, 1918) precedes membership, which leaves 5,853 starts.
-- Five disputes have other years in the dispute file than among their participants, and nine other numbers of states.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'int_dispute_participation'}}}) }}
with found as (
    select 'disputes' as total, count(*) as found, 2436 as published from {{ ref('stg_cow__mid_disputes') }}
    union all
    select 'disputes with participants in the system', count(distinct dispute_number), 2436 from {{ ref('int_dispute_participation') }}
    union all
    select 'stretches of participation', count(*), 5883 from {{ ref('stg_cow__mid_participants') }}
    union all
    select 'entries into disputes', sum(disputes_started), 5853 from {{ ref('int_disputes') }}
    union all
    select 'state-years', count(*), 15561 from {{ ref('int_disputes') }}
    union all
    select 'state-years without a known past', count(*) filter (disputes_past_5y is null), 1211 from {{ ref('int_disputes') }}
    union all
    select 'disputes with other years among their participants', count(*), 5
    from (
        select disputes.dispute_number
        from {{ ref('stg_cow__mid_disputes') }} as disputes
        inner join {{ ref('stg_cow__mid_participants') }} as participants
            on disputes.dispute_number = participants.dispute_number
        group by disputes.dispute_number, disputes.start_year, disputes.end_year
        having min(participants.start_year) <> disputes.start_year or max(participants.end_year) <> disputes.end_year
    )
)

select * from found where found <> published
