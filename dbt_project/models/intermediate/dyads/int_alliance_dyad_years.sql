-- What one state owed the other under the alliances both were members of, one row per ordered pair and year with such an alliance.
-- Both must have been in the same phase of the treaty on the same day, so that a state that joined after another had left in the same year is
-- not its ally. An obligation is what the first state (cow_code) owed the second (partner_code) on some day of the year.
-- ATOP's member file has each member's obligations, not to whom: where it says that a member's obligations differ from partner to partner (54
-- of 2,510 rows), an obligation the member has is not known to be owed to a given partner, and is NULL here; one it does not have is false.
{%- set rules = alliance_rules() %}
{{ config(tags=['dyads']) }}
with members as (
    select
        cow_code,
        atop_id,
        phase,
        entry_date,
        coalesce(exit_date, make_date({{ var('atop_last_year') }}, 12, 31)) as exit_date,
        true as owes_any
        {%- for rule in rules if rule != 'any' %},
        case
            when not {{ obligation(rule) }} then false
            when not varies_by_partner then true
        end as owes_{{ rule }}
        {%- endfor %}
    from {{ ref('stg_atop__members') }}
),

shared as (
    select
        own.cow_code,
        partner.cow_code as partner_code,
        unnest(range(
            year(greatest(own.entry_date, partner.entry_date)), year(least(own.exit_date, partner.exit_date)) + 1
        )) as year
        {%- for rule in rules %},
        own.owes_{{ rule }}
        {%- endfor %}
    from members as own
    inner join members as partner
        on own.atop_id = partner.atop_id
        and own.phase = partner.phase
        and own.cow_code <> partner.cow_code
        and own.entry_date <= partner.exit_date
        and partner.entry_date <= own.exit_date
)

select
    cow_code,
    partner_code,
    cast(year as integer) as year
    {%- for rule in rules %},
    case when bool_or(owes_{{ rule }}) then true when count(owes_{{ rule }}) = count(*) then false end as owes_{{ rule }}
    {%- endfor %}
from shared
group by cow_code, partner_code, year
