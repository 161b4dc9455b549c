-- A row here is a dyad-year whose mirror image is missing or tells something else of what the two share.
{{ config(tags=['dyads'], meta={'dagster': {'ref': {'name': 'dyad_years'}}}) }}
select one.cow_code, one.partner_code, one.year
from {{ ref('dyad_years') }} as one
left join {{ ref('dyad_years') }} as other
    on one.cow_code = other.partner_code and one.partner_code = other.cow_code and one.year = other.year
where
    one.owes_any is distinct from other.owes_any
    or one.years_since_alliance is distinct from other.years_since_alliance
    or one.contiguity_class is distinct from other.contiguity_class
    or one.partner_cinc is distinct from other.cinc
    or one.partner_polity2 is distinct from other.polity2
    or one.partner_is_major_power is distinct from other.is_major_power
    or one.disputes_ongoing is distinct from other.disputes_ongoing
    or one.are_dispute_rivals is distinct from other.are_dispute_rivals
    or one.are_strategic_rivals is distinct from other.are_strategic_rivals
