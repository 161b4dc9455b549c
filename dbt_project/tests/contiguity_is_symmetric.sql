select
    border.cow_code,
    border.partner_code,
    border.year
from {{ ref('int_land_borders') }} as border
anti join {{ ref('int_land_borders') }} as mirrored
    on border.cow_code = mirrored.partner_code
    and border.partner_code = mirrored.cow_code
    and border.year = mirrored.year
