-- The components of W and S in the deposit of Bueno de Mesquita and Smith (2022), one row per country and year.
-- has_polity_row separates a country-year without a Polity row in the deposit from one that Polity scores as -66, -77
-- or -88.
select
    ccode as label,
    country_name,
    {{ to_integer('year') }} as year,
    {{ to_integer('"RegType"') }} as regime_type,
    {{ to_integer('"LegislativeSelection"') }} as legislative_selection,
    xrcomp is not null as has_polity_row,
    {{ to_integer('xrcomp', missing_codes('selectorate_deposit', 'xrcomp')) }} as executive_recruitment_competition,
    {{ to_integer('xropen', missing_codes('selectorate_deposit', 'xropen')) }} as executive_recruitment_openness,
    {{ to_integer('parcomp', missing_codes('selectorate_deposit', 'parcomp')) }} as participation_competition
from {{ source('raw', 'selectorate_deposit') }}
