-- ATOP 5.1 members, one row per member, treaty, phase and entry. The obligations are the member's own in that phase. An
-- unknown day becomes the first day of the month of entry, or the last day of the month of exit: the spell is then as
-- long as it can be.
with numbers as (
    select
        {{ to_integer('member') }} as cow_code,
        {{ to_integer('atopid') }} as atop_id,
        {{ to_integer('phase') }} as phase,
        {{ to_boolean('cowsys') }} as is_state_system_member_in_atop,
        {{ to_integer('yrent') }} as entry_year,
        {{ to_integer('moent') }} as entry_month,
        {{ to_integer('dayent') }} as entry_day,
        {{ to_integer('yrexit', missing_codes('atop', 'yrexit')) }} as exit_year,
        {{ to_integer('moexit', missing_codes('atop', 'moexit')) }} as exit_month,
        {{ to_integer('dayexit', missing_codes('atop', 'dayexit')) }} as exit_day,
        {{ to_boolean('ineffect') }} as is_in_force_at_end,
        {{ to_boolean('defense') }} as has_defense,
        {{ to_boolean('offense') }} as has_offense,
        {{ to_boolean('neutral') }} as has_neutrality,
        {{ to_boolean('nonagg') }} as has_nonaggression,
        {{ to_boolean('consul') }} as has_consultation,
        {{ to_boolean('obvary') }} as varies_by_partner
    from {{ source('raw', 'atop') }}
)

select
    cow_code,
    atop_id,
    phase,
    is_state_system_member_in_atop,
    entry_year,
    make_date(entry_year, entry_month, coalesce(entry_day, 1)) as entry_date,
    entry_day is not null as is_entry_day_known,
    exit_year,
    case
        when exit_day is null then last_day(make_date(exit_year, exit_month, 1))
        else make_date(exit_year, exit_month, exit_day)
    end as exit_date,
    case when exit_year is not null then exit_day is not null end as is_exit_day_known,
    is_in_force_at_end,
    has_defense,
    has_offense,
    has_neutrality,
    has_nonaggression,
    has_consultation,
    varies_by_partner
from numbers
