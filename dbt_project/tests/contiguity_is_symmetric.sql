-- A row here is a land border that only one of the two neighbours has.
select border.*
from {{ ref('int_land_borders') }} as border
anti join {{ ref('int_land_borders') }} as other
    on border.cow_code = other.neighbour_code and border.neighbour_code = other.cow_code and border.year = other.year
