-- Directed dyad-years: every ordered pair of members of the interstate system in every year in which both were members
-- on a common day, to the last year that capabilities, contiguity and major powers all cover. 0 and false are observed,
-- NULL is not observed.
{%- set rules = alliance_rules() %}
with pairs as (
    select * from {{ ref('int_state_year_pairs') }}
),

without_common_day as (
    select * from {{ ref('int_dyads_without_common_day') }}
),

alliances as (
    select * from {{ ref('int_alliance_dyad_years') }}
),

alliance_history as (
    select * from {{ ref('int_dyad_alliance_history') }}
),

contiguity as (
    select * from {{ ref('int_dyad_contiguity') }}
),

disputes as (
    select * from {{ ref('int_dispute_dyad_years') }}
),

dispute_rivalries as (
    select * from {{ ref('int_dispute_rivalries') }}
),

strategic_rivalries as (
    select * from {{ ref('int_strategic_rivalries') }}
),

contiguity_span as (
    {{ contiguity_span() }}
),

dispute_span as (
    {{ dispute_span() }}
),

strategic_rivalry_span as (
    {{ strategic_rivalry_span() }}
)

-- Pairs without a common day are removed last: DuckDB underestimates the rows that an anti join leaves, and would then
-- keep the pairs in memory in the other joins.
select
    pairs.cow_code,
    pairs.partner_code,
    pairs.year,
    alliances.partner_code is not null as owes_any,
    {%- for rule in rules if rule != 'any' %}
    case when alliances.partner_code is null then false else alliances.owes_{{ rule }} end as owes_{{ rule }},
    {%- endfor %}
    pairs.year - greatest(alliance_history.last_allied_year, pairs.pair_entry_year) as years_since_alliance,
    case
        when pairs.year <= contiguity_span.last_year then cast(coalesce(contiguity.contiguity_class, 0) as integer)
    end as contiguity_class,
    pairs.cinc,
    pairs.partner_cinc,
    pairs.cinc + pairs.partner_cinc as joint_cinc,
    pairs.cinc / nullif(pairs.partner_cinc, 0) as cinc_ratio,
    pairs.is_major_power,
    pairs.partner_is_major_power,
    pairs.polity2,
    pairs.partner_polity2,
    case when pairs.year <= dispute_span.last_year then coalesce(disputes.disputes_ongoing, 0) end as disputes_ongoing,
    case when pairs.year <= dispute_span.last_year then coalesce(disputes.disputes_started, 0) end as disputes_started,
    case
        when pairs.year <= dispute_span.last_year then dispute_rivalries.partner_code is not null
    end as are_dispute_rivals,
    case
        when pairs.year <= strategic_rivalry_span.last_year then strategic_rivalries.partner_code is not null
    end as are_strategic_rivals
from pairs
cross join contiguity_span
cross join dispute_span
cross join strategic_rivalry_span
left join alliances using (cow_code, partner_code, year)
left join alliance_history using (cow_code, partner_code, year)
left join contiguity using (cow_code, partner_code, year)
left join disputes using (cow_code, partner_code, year)
left join dispute_rivalries using (cow_code, partner_code, year)
left join strategic_rivalries using (cow_code, partner_code, year)
anti join without_common_day using (cow_code, partner_code, year)
order by pairs.cow_code, pairs.partner_code, pairs.year
