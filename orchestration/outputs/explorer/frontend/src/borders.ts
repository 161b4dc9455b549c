// Present-day borders, and which of them belongs to a state of the state system.
import { feature } from "topojson-client";
import type { Feature, Geometry } from "geojson";
import type { GeometryCollection, Topology } from "topojson-specification";
import { asset } from "./assets";

export type Border = Feature<Geometry, { name: string }>;

// Names of the state list that Natural Earth shortens or spells otherwise.
const ELSEWHERE: Record<string, string> = {
  "Antigua & Barbuda": "Antigua and Barb.",
  "Bosnia and Herzegovina": "Bosnia and Herz.",
  "Cape Verde": "Cabo Verde",
  "Central African Republic": "Central African Rep.",
  "Czech Republic": "Czechia",
  "Democratic Republic of the Congo": "Dem. Rep. Congo",
  "Dominican Republic": "Dominican Rep.",
  "East Timor": "Timor-Leste",
  "Equatorial Guinea": "Eq. Guinea",
  "Federated States of Micronesia": "Micronesia",
  "Ivory Coast": "Côte d'Ivoire",
  "Marshall Islands": "Marshall Is.",
  "Sao Tome and Principe": "São Tomé and Principe",
  "Solomon Islands": "Solomon Is.",
  "South Sudan": "S. Sudan",
  "St. Lucia": "Saint Lucia",
  "St. Vincent and the Grenadines": "St. Vin. and Gren.",
  Swaziland: "eSwatini",
};

let borders: Border[] | undefined;

/** Decode the borders; Antarctica is left out, since it has no state. */
export async function readBorders(): Promise<Border[]> {
  if (!borders) {
    const text = new TextDecoder().decode(await asset("borders"));
    const topology = JSON.parse(text) as Topology<{ countries: GeometryCollection<{ name: string }> }>;
    const { features } = feature(topology, topology.objects.countries);
    borders = features.filter((border) => border.properties.name !== "Antarctica");
  }
  return borders;
}

/** The name that Natural Earth gives to a state of the state list. */
export function borderName(stateName: string): string {
  return ELSEWHERE[stateName] ?? stateName;
}
