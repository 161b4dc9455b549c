-- A total differs from the one derived outside the warehouse. State-years in force differ from another outside count, in which the later of two
-- phases speaks for the whole year (defense 8,469, offense 905, neutrality 1,884), by four state-years in which a renewal dropped an obligation that had
-- been in force earlier in the year: Brazil 1857 (defense), Japan 1905 (offense, neutrality), Guatemala 1888 and El Salvador 1888 (neutrality).
-- polity2: 11,564 scores under the same code and 327 under another code of Polity's, each named in the country_mappings seed.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'country_years'}}}) }}
with panel as (
    select * from {{ ref('country_years') }}
),

entries as (
    select * from {{ ref('alliance_entries') }}
),

figures as (
    select unnest([
        {figure: 'state-years to 2000', expected: 12854, found: (select count(*) from panel where year <= 2000)},
        {figure: 'state-years to 2016', expected: 15951, found: (select count(*) from panel where year <= 2016)},
        {figure: 'state-years', expected: 17511, found: (select count(*) from panel)},
        {figure: 'states', expected: 217, found: (select count(*) from {{ ref('countries') }})},
        {figure: 'major-power state-years to 2016', expected: 1195, found: (select count(*) from panel where is_major_power)},
        {figure: 'any alliance formed to 2000', expected: 1334, found: (select count(*) from panel where forms_any_alliance and year <= 2000)},
        {figure: 'military alliance formed to 2000', expected: 1031, found: (select count(*) from panel where forms_military_alliance and year <= 2000)},
        {figure: 'defense alliance formed to 2000', expected: 635, found: (select count(*) from panel where forms_defense_alliance and year <= 2000)},
        {figure: 'any in force to 2016', expected: 11244, found: (select count(*) from panel where any_alliances_in_force > 0 and year <= 2016)},
        {figure: 'defense in force to 2016', expected: 8470, found: (select count(*) from panel where defense_alliances_in_force > 0 and year <= 2016)},
        {figure: 'offense in force to 2016', expected: 906, found: (select count(*) from panel where offense_alliances_in_force > 0 and year <= 2016)},
        {figure: 'neutrality in force to 2016', expected: 1887, found: (select count(*) from panel where neutrality_alliances_in_force > 0 and year <= 2016)},
        {figure: 'non-aggression in force to 2016', expected: 9736, found: (select count(*) from panel where nonaggression_alliances_in_force > 0 and year <= 2016)},
        {figure: 'consultation in force to 2016', expected: 8313, found: (select count(*) from panel where consultation_alliances_in_force > 0 and year <= 2016)},
        {figure: 'members whose first phase is a later one', expected: 87, found: (select count(*) from entries where is_late_accession)},
        {figure: 'military expenditure missing', expected: 2217, found: (select count(*) from panel where military_expenditure_thousands is null and year <= 2016)},
        {figure: 'military personnel missing', expected: 426, found: (select count(*) from panel where military_personnel_thousands is null and year <= 2016)},
        {figure: 'iron and steel missing', expected: 26, found: (select count(*) from panel where iron_steel_thousand_tons is null and year <= 2016)},
        {figure: 'energy missing', expected: 448, found: (select count(*) from panel where energy_thousand_coal_tons is null and year <= 2016)},
        {figure: 'total population missing', expected: 0, found: (select count(*) from panel where total_population_thousands is null and year <= 2016)},
        {figure: 'urban population missing', expected: 68, found: (select count(*) from panel where urban_population_thousands is null and year <= 2016)},
        {figure: 'cinc missing', expected: 0, found: (select count(*) from panel where cinc is null and year <= 2016)},
        {figure: 'cinc of the USA in 1945, in 100 millionths', expected: 38386354, found: (select cast(round(cinc * 1e8) as bigint) from panel where cow_code = 2 and year = 1945)},
        {figure: 'Abouharb-Kimball rates to 2000', expected: 9768, found: (select count(imr_abouharb_kimball) from panel where year <= 2000)},
        {figure: 'one-year changes to 2000', expected: 9494, found: (select count(infant_mortality_change_1y) from panel where year <= 2000)},
        {figure: 'rises to 2000', expected: 2055, found: (select count(*) from panel where infant_mortality_rose and year <= 2000)},
        {figure: 'polity2 scores to 2000', expected: 11891, found: (select count(polity2) from panel where year <= 2000)}
    ], recursive := true)
)

select * from figures where found is distinct from expected
