-- Directed dyad-years: every ordered pair of members of the interstate system in every year they shared on some day, to the last year that
-- capabilities, contiguity and major powers all cover. Two states that were members in the same calendar year but never on the same day are
-- no dyad of that year (the kingdoms that became Italy, for one). 0 and false are observed, NULL is not observed.
{%- set rules = alliance_rules() %}
{{ config(tags=['dyads']) }}
with spans as (
    select
        (select max(year) from {{ ref('stg_cow__direct_contiguity') }}) as contiguity_last_year,
        (select max(end_year) from {{ ref('stg_cow__mid_participants') }}) as disputes_last_year,
        (select max(end_year) from {{ ref('stg_thompson__rivalries_tss') }}) as strategic_last_year
),

-- A spell of membership, once for each of the two years that it may cover in part.
entries_and_exits as (
    select cow_code, start_date, end_date, year(start_date) as year
    from {{ ref('stg_cow__state_spells') }}
    union all
    select cow_code, start_date, end_date, year(end_date) as year
    from {{ ref('stg_cow__state_spells') }}
),

-- Members of the same calendar year that shared no day of it: one had left when the other entered.
missed as (
    select own.cow_code, partner.cow_code as partner_code, own.year
    from entries_and_exits as own
    inner join entries_and_exits as partner on own.year = partner.year and own.cow_code <> partner.cow_code
    group by own.cow_code, partner.cow_code, own.year
    having not bool_or(own.start_date <= partner.end_date and partner.start_date <= own.end_date)
),

states as (
    select
        state.cow_code,
        state.year,
        state.year - state.years_in_system as system_entry_year,
        state.is_major_power,
        capabilities.cinc,
        polity.polity2
    from {{ ref('int_state_years') }} as state
    left join {{ ref('stg_cow__national_capabilities') }} as capabilities using (cow_code, year)
    left join {{ ref('int_polity') }} as polity using (cow_code, year)
),

contiguity as (
    select cow_code, neighbour_code as partner_code, year, min(contiguity_class) as contiguity_class
    from {{ ref('stg_cow__direct_contiguity') }}
    group by cow_code, neighbour_code, year
),

-- The years are joined rather than compared with the last one: DuckDB then expects as many dyads as there are, and holds the smaller table
-- of every join in memory.
dyads as (
    select
        own.cow_code,
        partner.cow_code as partner_code,
        own.year,
        greatest(own.system_entry_year, partner.system_entry_year) as dyad_entry_year,
        own.is_major_power,
        partner.is_major_power as partner_is_major_power,
        own.cinc,
        partner.cinc as partner_cinc,
        own.polity2,
        partner.polity2 as partner_polity2
    from range(1816, {{ var('dyad_last_year') }} + 1) as years(year)
    inner join states as own on years.year = own.year
    inner join states as partner on own.year = partner.year and own.cow_code <> partner.cow_code
),

-- For every year after one in which the two were allied, the last such year before it.
histories as (
    select
        cow_code,
        partner_code,
        year as last_allied_year,
        cast(unnest(range(
            year + 1,
            coalesce(lead(year) over (partition by cow_code, partner_code order by year), {{ var('dyad_last_year') }}) + 1
        )) as integer) as year
    from {{ ref('int_alliance_dyad_years') }}
)

select
    dyads.cow_code,
    dyads.partner_code,
    dyads.year,
    {%- for rule in rules %}
    {{ 'alliances.partner_code is not null' if rule == 'any' else
       'case when alliances.partner_code is null then false else alliances.owes_' ~ rule ~ ' end' }} as owes_{{ rule }},
    {%- endfor %}
    dyads.year - greatest(histories.last_allied_year, dyads.dyad_entry_year) as years_since_alliance,
    case
        when dyads.year <= spans.contiguity_last_year then cast(coalesce(contiguity.contiguity_class, 0) as integer)
    end as contiguity_class,
    dyads.cinc,
    dyads.partner_cinc,
    dyads.cinc + dyads.partner_cinc as joint_cinc,
    dyads.cinc / nullif(dyads.partner_cinc, 0) as cinc_ratio,
    dyads.is_major_power,
    dyads.partner_is_major_power,
    dyads.polity2,
    dyads.partner_polity2,
    case when dyads.year <= spans.disputes_last_year then coalesce(disputes.disputes_ongoing, 0) end as disputes_ongoing,
    case when dyads.year <= spans.disputes_last_year then coalesce(disputes.disputes_started, 0) end as disputes_started,
    case when dyads.year <= spans.disputes_last_year then dispute_rivals.rival_code is not null end as are_dispute_rivals,
    case when dyads.year <= spans.strategic_last_year then strategic_rivals.rival_code is not null end as are_strategic_rivals
from dyads
cross join spans
left join {{ ref('int_alliance_dyad_years') }} as alliances using (cow_code, partner_code, year)
left join histories using (cow_code, partner_code, year)
left join contiguity using (cow_code, partner_code, year)
left join {{ ref('int_dispute_dyad_years') }} as disputes
    on dyads.cow_code = disputes.cow_code and dyads.partner_code = disputes.opponent_code and dyads.year = disputes.year
left join {{ ref('int_dispute_rivalries') }} as dispute_rivals
    on dyads.cow_code = dispute_rivals.cow_code and dyads.partner_code = dispute_rivals.rival_code and dyads.year = dispute_rivals.year
left join {{ ref('int_strategic_rivalries') }} as strategic_rivals
    on dyads.cow_code = strategic_rivals.cow_code
    and dyads.partner_code = strategic_rivals.rival_code
    and dyads.year = strategic_rivals.year
left join missed on dyads.cow_code = missed.cow_code and dyads.partner_code = missed.partner_code and dyads.year = missed.year
where missed.year is null
order by dyads.cow_code, dyads.partner_code, dyads.year
