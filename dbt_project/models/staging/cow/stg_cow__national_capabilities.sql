-- National Material Capabilities 7.0, one row per state-year.
select
    {{ to_integer('ccode') }} as cow_code,
    {{ to_integer('year') }} as year,
    {{ to_double('milex', missing_codes('national_capabilities', 'milex')) }} as military_expenditure_thousands,
    {{ to_double('milper', missing_codes('national_capabilities', 'milper')) }} as military_personnel_thousands,
    {{ to_double('irst', missing_codes('national_capabilities', 'irst')) }} as iron_steel_thousand_tons,
    {{ to_double('pec', missing_codes('national_capabilities', 'pec')) }} as energy_thousand_coal_tons,
    {{ to_double('tpop', missing_codes('national_capabilities', 'tpop')) }} as total_population_thousands,
    {{ to_double('upop', missing_codes('national_capabilities', 'upop')) }} as urban_population_thousands,
    {{ to_double('cinc', missing_codes('national_capabilities', 'cinc')) }} as cinc
from {{ source('raw', 'national_capabilities') }}
