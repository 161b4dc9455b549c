-- Replication file of Allen and DiGiuseppe (2013), one row per state code and year, which includes empty rows.
-- The infant mortality rate is that of Abouharb and Kimball (2007).
select
    {{ to_integer('ccode') }} as cow_code,
    {{ to_integer('year') }} as year,
    {{ to_double('imr') }} as infant_mortality_rate,
    {{ to_boolean('formationB2NNA') }} as forms_alliance,
    {{ to_double('wovers_1') }} as w_over_s_lagged,
    {{ to_double('sumrival1') }} as dispute_rivals_lagged,
    {{ to_double('cinc', missing_codes('allen_digiuseppe_2013', 'cinc')) }} as cinc,
    {{ to_boolean('majpow') }} as is_major_power,
    {{ to_boolean('atwar5') }} as is_at_war,
    {{ to_boolean('extdebtcrisis_1') }} as has_debt_crisis_lagged,
    {{ to_double('rating_1') }} as credit_rating_lagged,
    {{ to_double('cntgovtdbtgdp1') }} as debt_to_gdp_lagged,
    {{ to_boolean('coldwar') }} as is_cold_war,
    {{ to_boolean('wwi') }} as is_first_world_war,
    {{ to_boolean('wwii') }} as is_second_world_war,
    {{ to_double('ayr') }} as years_since_formation,
    {{ to_double('ayr2') }} as years_since_formation_2,
    {{ to_double('ayr3') }} as years_since_formation_3
from {{ source('raw', 'allen_digiuseppe_2013') }}
