{# The years that a source covers, as one row with first_year and last_year. Outside them a value is NULL, inside them
   the absence of a record is an observed zero. #}

{# Militarized disputes: from the first to the last year with a participant. #}
{% macro dispute_span() -%}
    select
        min(start_year) as first_year,
        max(end_year) as last_year
    from {{ ref('stg_cow__mid_participants') }}
{%- endmacro %}

{# Direct contiguity: from the first to the last year with a contiguous pair. #}
{% macro contiguity_span() -%}
    select
        min(year) as first_year,
        max(year) as last_year
    from {{ ref('stg_cow__direct_contiguity') }}
{%- endmacro %}

{# Strategic rivalries of Thompson, Sakuwa and Suhas: the list starts before the state system does. #}
{% macro strategic_rivalry_span() -%}
    select
        min(start_year) as first_year,
        max(end_year) as last_year
    from {{ ref('stg_thompson__rivalries_tss') }}
{%- endmacro %}

{# A source whose records do not show its span: the row of seeds/source_spans.csv. #}
{% macro source_span(source_name) -%}
    select
        first_year,
        last_year
    from {{ ref('source_spans') }}
    where source = '{{ source_name }}'
{%- endmacro %}
