-- National Material Capabilities 6.0, one row per state-year; -9 is missing.
select
    {{ to_integer('ccode') }} as cow_code,
    {{ to_integer('year') }} as year,
    {{ to_double('milex', [-9]) }} as military_expenditure_thousands,
    {{ to_double('milper', [-9]) }} as military_personnel_thousands,
    {{ to_double('irst', [-9]) }} as iron_steel_thousand_tons,
    {{ to_double('pec', [-9]) }} as energy_thousand_coal_tons,
    {{ to_double('tpop', [-9]) }} as total_population_thousands,
    {{ to_double('upop', [-9]) }} as urban_population_thousands,
    {{ to_double('cinc', [-9]) }} as cinc
from {{ source('raw', 'national_capabilities') }}
