-- A row here is a dyad-year whose mirror image is missing or tells something else of what the two share. Each pair is looked at once; a
-- state's dyad with itself has no mirror image.
{{ config(tags=['dyads'], meta={'dagster': {'ref': {'name': 'dyad_years'}}}) }}
with forth as (
    select * from {{ ref('dyad_years') }} where cow_code <= partner_code
),

back as (
    select * from {{ ref('dyad_years') }} where cow_code > partner_code
)

select
    coalesce(forth.cow_code, back.partner_code) as cow_code,
    coalesce(forth.partner_code, back.cow_code) as partner_code,
    coalesce(forth.year, back.year) as year
from forth
full join back
    on forth.cow_code = back.partner_code and forth.partner_code = back.cow_code and forth.year = back.year
where
    forth.owes_any is distinct from back.owes_any
    or forth.years_since_alliance is distinct from back.years_since_alliance
    or forth.contiguity_class is distinct from back.contiguity_class
    or forth.cinc is distinct from back.partner_cinc
    or forth.partner_cinc is distinct from back.cinc
    or forth.polity2 is distinct from back.partner_polity2
    or forth.partner_polity2 is distinct from back.polity2
    or forth.is_major_power is distinct from back.partner_is_major_power
    or forth.partner_is_major_power is distinct from back.is_major_power
    or forth.disputes_ongoing is distinct from back.disputes_ongoing
    or forth.are_dispute_rivals is distinct from back.are_dispute_rivals
    or forth.are_strategic_rivals is distinct from back.are_strategic_rivals
