-- The panel: one row per state-year in the interstate system, with every variable joined to it. 0 is an observed zero,
-- NULL is not observed.
with spine as (
    select * from {{ ref('int_state_years') }}
),

alliances as (
    select * from {{ ref('int_alliance_years') }}
),

capabilities as (
    select * from {{ ref('stg_cow__national_capabilities') }}
),

infant_mortality as (
    select * from {{ ref('infant_mortality') }}
),

child_mortality as (
    select * from {{ ref('int_child_mortality') }}
),

polity as (
    select * from {{ ref('int_polity') }}
),

selectorate as (
    select * from {{ ref('int_selectorate') }}
),

strategic_rivals as (
    select * from {{ ref('int_strategic_rivals') }}
),

dispute_rivals as (
    select * from {{ ref('int_dispute_rivals') }}
),

disputes as (
    select * from {{ ref('int_disputes') }}
),

relevant_environment as (
    select * from {{ ref('int_relevant_environment') }}
),

interstate_war as (
    select * from {{ ref('int_interstate_war') }}
),

external_threat as (
    select * from {{ ref('int_external_threat') }}
),

contiguity as (
    select * from {{ ref('int_contiguity') }}
),

economy as (
    select * from {{ ref('int_economy') }}
),

infant_mortality_by_source as (
    select
        cow_code,
        year,
        max(rate) filter (where source = 'abouharb_kimball') as imr_abouharb_kimball,
        max(rate) filter (where source = 'gapminder') as imr_gapminder,
        max(rate) filter (where source = 'world_bank') as imr_world_bank,
        max(rate) filter (where source = 'un_igme') as imr_un_igme
    from infant_mortality
    group by cow_code, year
),

preferred_infant_mortality as (
    select *
    from infant_mortality
    where is_preferred
)

select
    spine.cow_code,
    spine.year,
    spine.state_abbreviation,
    spine.state_name,
    spine.region,
    spine.states_in_system,
    spine.years_in_system,
    spine.is_entry_year,
    spine.is_major_power,
    {%- for rule in alliance_rules() %}
    alliances.new_{{ rule }}_alliances,
    alliances.forms_{{ rule }}_alliance,
    alliances.{{ rule }}_alliances_in_force,
    alliances.years_since_{{ rule }}_formation,
    {%- endfor %}
    capabilities.military_expenditure_thousands,
    capabilities.military_personnel_thousands,
    capabilities.iron_steel_thousand_tons,
    capabilities.energy_thousand_coal_tons,
    capabilities.total_population_thousands,
    capabilities.urban_population_thousands,
    capabilities.cinc,
    preferred.rate as infant_mortality_rate,
    preferred.source as infant_mortality_source,
    preferred.change_1y as infant_mortality_change_1y,
    preferred.change_3y as infant_mortality_change_3y,
    preferred.change_5y as infant_mortality_change_5y,
    preferred.change_1y > 0 as infant_mortality_rose,
    preferred.is_flat_run as infant_mortality_is_flat_run,
    preferred.is_suspect as infant_mortality_is_suspect,
    by_source.imr_abouharb_kimball,
    by_source.imr_gapminder,
    by_source.imr_world_bank,
    by_source.imr_un_igme,
    child_mortality.child_mortality_rate,
    polity.polity2,
    selectorate.winning_coalition,
    selectorate.selectorate,
    selectorate.w_over_s,
    selectorate.coalition_size_w4,
    strategic_rivals.strategic_rivals,
    dispute_rivals.dispute_rivals,
    disputes.disputes_ongoing,
    disputes.disputes_started,
    disputes.disputes_past_5y,
    relevant_environment.relevant_environment_disputes,
    interstate_war.interstate_war,
    external_threat.external_threat,
    contiguity.land_neighbours,
    economy.gdp_per_capita,
    economy.population_maddison,
    economy.imports_millions_usd,
    economy.exports_millions_usd
from spine
left join alliances using (cow_code, year)
left join capabilities using (cow_code, year)
left join preferred_infant_mortality as preferred using (cow_code, year)
left join infant_mortality_by_source as by_source using (cow_code, year)
left join child_mortality using (cow_code, year)
left join polity using (cow_code, year)
left join selectorate using (cow_code, year)
left join strategic_rivals using (cow_code, year)
left join dispute_rivals using (cow_code, year)
left join disputes using (cow_code, year)
left join relevant_environment using (cow_code, year)
left join interstate_war using (cow_code, year)
left join external_threat using (cow_code, year)
left join contiguity using (cow_code, year)
left join economy using (cow_code, year)
order by spine.cow_code, spine.year
