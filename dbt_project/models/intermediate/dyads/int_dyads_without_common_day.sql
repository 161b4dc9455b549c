-- Pairs of states that were members of the system in the same calendar year but on no common day of it, because one had
-- left before the other entered (the kingdoms that became Italy, for example): one row per ordered pair and year.
{{ config(materialized='ephemeral') }}
with state_spells as (
    select * from {{ ref('stg_cow__state_spells') }}
),

-- A spell of membership, once for each of the two years that it may cover in part.
entries_and_exits as (
    select
        cow_code,
        start_date,
        end_date,
        year(start_date) as year
    from state_spells
    union all
    select
        cow_code,
        start_date,
        end_date,
        year(end_date) as year
    from state_spells
)

select
    own.cow_code,
    partner.cow_code as partner_code,
    own.year
from entries_and_exits as own
inner join entries_and_exits as partner
    on own.year = partner.year and own.cow_code <> partner.cow_code
group by own.cow_code, partner.cow_code, own.year
having not bool_or(own.start_date <= partner.end_date and partner.start_date <= own.end_date)
