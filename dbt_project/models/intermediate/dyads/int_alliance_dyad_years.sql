-- What one state owed the other under the alliances of which both were members, one row per ordered pair and year with
-- such an alliance. Both must have been in the same phase of the treaty on the same day: a state that joined after
-- another had left in the same year is not its ally. An obligation is what the first state (cow_code) owed the second
-- (partner_code) on some day of the year. ATOP's member file gives the obligations of each member, but not the member
-- they are owed to. Where it says that the obligations of a member vary by partner (54 of 2,510 rows), an obligation of
-- the member is NULL here, because it may be owed to another partner; an obligation that the member does not have is
-- false.
{%- set rules = alliance_rules() %}
with atop_members as (
    select * from {{ ref('stg_atop__members') }}
),

atop_span as (
    {{ source_span('atop') }}
),

members as (
    select
        atop_members.cow_code,
        atop_members.atop_id,
        atop_members.phase,
        atop_members.entry_date,
        coalesce(atop_members.exit_date, make_date(atop_span.last_year, 12, 31)) as exit_date,
        {% for rule in rules if rule != 'any' %}
        case
            when not {{ obligation(rule) }} then false
            when not atop_members.varies_by_partner then true
        end as owes_{{ rule }},
        {% endfor %}
        true as owes_any
    from atop_members
    cross join atop_span
),

shared as (
    select
        own.cow_code,
        partner.cow_code as partner_code,
        {% for rule in rules %}
        own.owes_{{ rule }},
        {% endfor %}
        unnest(range(
            year(greatest(own.entry_date, partner.entry_date)), year(least(own.exit_date, partner.exit_date)) + 1
        )) as year
    from members as own
    inner join members as partner
        on own.atop_id = partner.atop_id
        and own.phase = partner.phase
        and own.cow_code <> partner.cow_code
        and own.entry_date <= partner.exit_date
        and own.exit_date >= partner.entry_date
)

select
    cow_code,
    partner_code,
    {% for rule in rules %}
    case
        when bool_or(owes_{{ rule }}) then true
        when count(owes_{{ rule }}) = count(*) then false
    end as owes_{{ rule }},
    {% endfor %}
    cast(year as integer) as year
from shared
group by cow_code, partner_code, year
