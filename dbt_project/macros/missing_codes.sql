{# Written by `warehouse sources sync` from missing_codes in the source records; change it there. Numbers by which a
   publisher marks a missing value, by raw table and column; to_double, to_integer and to_boolean turn them into NULL.
   Codes of earlier versions are included. #}
{% macro missing_codes(raw_table, column) -%}
    {{ return({
        'allen_digiuseppe_2013': {
            'cinc': [-9],
        },
        'atop': {
            'dayexit': [0],
            'moexit': [0],
            'yrexit': [0],
        },
        'atop_alliances': {
            'endday': [0],
            'endmo': [0],
            'endyr': [0],
        },
        'interstate_wars': {
            'BatDeath': [-8, -9],
            'EndDay2': [-8, -9],
            'EndMonth2': [-8, -9],
            'EndYear2': [-8, -9],
            'StartDay2': [-8, -9],
            'StartMonth2': [-8, -9],
            'StartYear2': [-8, -9],
            'TransTo': [-8, -9],
        },
        'maddison': {
            'gdppc': [0],
        },
        'mid_disputes': {
            'endday': [-9],
            'fatality': [-9],
            'fatalpre': [-9],
            'outcome': [-9],
            'settle': [-9],
            'stday': [-9],
        },
        'mid_participants': {
            'endday': [-9],
            'fatality': [-9],
            'fatalpre': [-9],
            'revtype1': [-9],
            'revtype2': [-9],
            'stday': [-9],
        },
        'national_capabilities': {
            'cinc': [-9],
            'irst': [-9],
            'milex': [-9],
            'milper': [-9],
            'pec': [-9],
            'tpop': [-9],
            'upop': [-9],
        },
        'polity5': {
            'autoc': [-66, -77, -88],
            'change': [-66, -77, -88],
            'democ': [-66, -77, -88],
            'eprec': [-66, -77, -88],
            'exconst': [-66, -77, -88],
            'exrec': [-66, -77, -88],
            'interim': [-66, -77, -88],
            'parcomp': [-66, -77, -88],
            'parreg': [-66, -77, -88],
            'polcomp': [-66, -77, -88],
            'polity': [-66, -77, -88],
            'post': [-66, -77, -88],
            'prior': [-66, -77, -88],
            'regtrans': [-66, -77, -88],
            'xconst': [-66, -77, -88],
            'xrcomp': [-66, -77, -88],
            'xropen': [-66, -77, -88],
            'xrreg': [-66, -77, -88],
        },
        'selectorate_deposit': {
            'autoc': [-66, -77, -88],
            'democ': [-66, -77, -88],
            'e_p_polity': [-66, -77, -88],
            'parcomp': [-66, -77, -88],
            'polity': [-66, -77, -88],
            'xrcomp': [-66, -77, -88],
            'xropen': [-66, -77, -88],
        },
    }.get(raw_table, {}).get(column, [])) }}
{%- endmacro %}
