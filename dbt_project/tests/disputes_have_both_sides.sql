{{ config(meta={'dagster': {'ref': {'name': 'stg_cow__mid_disputes'}}}) }}
select disputes.dispute_number
from {{ ref('stg_cow__mid_disputes') }} as disputes
left join {{ ref('stg_cow__mid_participants') }} as participants
    on disputes.dispute_number = participants.dispute_number
group by disputes.dispute_number
having
    not coalesce(bool_or(participants.is_side_a), false)
    or not coalesce(bool_or(not participants.is_side_a), false)
